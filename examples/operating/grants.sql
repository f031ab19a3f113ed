-- What each role may do with the tables. Run by door_owner after each `migrate-schema` and after restoring; it may be run again.
BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM door_app, door_auditor, door_monitor, door_backup;

-- The application: all rows, but no event is changed or deleted.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO door_app;
REVOKE INSERT, UPDATE, DELETE ON doorward_schema FROM door_app;
REVOKE UPDATE, DELETE ON events FROM door_app;

GRANT SELECT ON events, event_order TO door_auditor;

GRANT SELECT (id, is_active, created_at) ON users TO door_monitor;
GRANT SELECT (id, user_id, revoked_at, idle_at, expires_at) ON sessions TO door_monitor;
GRANT SELECT (id, due_at, attempts, created_at) ON mails TO door_monitor;
GRANT SELECT (failures, locked_until) ON throttles TO door_monitor;
GRANT SELECT (at, kind) ON events TO door_monitor;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO door_backup;

COMMIT;
