DELETE FROM rejected_records WHERE expires_at <= $1
