-- Every table is reached by a key: no plan may read all of a table or an index, though it is cheap while the table is small. So what a plan
-- costs is the rows it touches, and it is made once, for any number of rows. And what is acknowledged must be on disk, whatever the server's default is.
SELECT
    set_config('enable_seqscan', 'off', false),
    set_config('enable_hashjoin', 'off', false),
    set_config('enable_mergejoin', 'off', false),
    set_config('seq_page_cost', '0', false),
    set_config('random_page_cost', '0', false),
    set_config('cpu_tuple_cost', '1', false),
    set_config('cpu_index_tuple_cost', '1', false),
    set_config('jit', 'off', false),
    set_config('plan_cache_mode', 'force_generic_plan', false),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
