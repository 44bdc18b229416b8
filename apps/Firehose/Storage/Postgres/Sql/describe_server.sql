SELECT current_setting('server_version_num')::integer, current_setting('server_version'), current_setting('server_encoding'), current_schema(),
    current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
