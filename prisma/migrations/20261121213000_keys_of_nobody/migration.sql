-- A service key speaks for who made it. Keys whose maker was deleted before this rule open nothing any more
-- (service-keys/service-key-lookup.ts), so they go; keys that a command on the server made have no maker and stay.
-- There is no way back, and nothing to go back to: earlier versions work without these rows.
DELETE FROM benteng.service_keys k
WHERE k.created_by IS NOT NULL AND NOT EXISTS (SELECT FROM benteng.users u WHERE u.id = k.created_by);
