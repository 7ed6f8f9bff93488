INSERT INTO `roles` (`name`, `description`, `built_in`) VALUES
  ('user', 'Every account.', 1),
  ('admin', 'Manages users, roles and settings.', 1);
--> statement-breakpoint
INSERT INTO `role_permissions` (`role`, `permission`) VALUES
  ('admin', 'users:read'), ('admin', 'users:write'), ('admin', 'users:delete'), ('admin', 'users:import'),
  ('admin', 'roles:read'), ('admin', 'roles:write'), ('admin', 'roles:assign'), ('admin', 'audit:read'), ('admin', 'stats:read');
