ALTER TABLE benteng.login_attempts DROP COLUMN count;
