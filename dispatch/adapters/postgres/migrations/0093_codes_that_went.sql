-- Codes of a number are counted and locked by those that went out, five in an hour at most. Of silent ones somebody can
-- make thousands, and each try would read and lock them all.

CREATE INDEX phone_codes_sent ON phone_codes (number_mac, asked_at) WHERE NOT silent;
DROP INDEX phone_codes_number;
