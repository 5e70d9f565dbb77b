-- In which order a reporter finds the kinds of case: what is reported most stands first, the large ones above "more".

ALTER TABLE categories ADD COLUMN shown smallint NOT NULL DEFAULT 100 CHECK (shown BETWEEN 1 AND 1000);
