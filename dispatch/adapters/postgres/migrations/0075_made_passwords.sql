-- A password that somebody else made opens nothing but the choice of one's own.

ALTER TABLE accounts ADD COLUMN password_made boolean NOT NULL DEFAULT false;
