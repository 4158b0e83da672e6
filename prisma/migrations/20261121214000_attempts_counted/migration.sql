-- Sign-ins that a limit refused are one row per bucket and window: how many it stands for.
ALTER TABLE benteng.login_attempts ADD COLUMN count integer NOT NULL DEFAULT 1;
