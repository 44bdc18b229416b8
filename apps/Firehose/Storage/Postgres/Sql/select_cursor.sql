SELECT seq FROM relay_cursors WHERE host = $1
