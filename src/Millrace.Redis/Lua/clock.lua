-- The store's time, ms since 1970.
return string.format('%d', now)
