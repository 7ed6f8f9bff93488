ALTER TABLE `outbox` ADD `user_id` text;--> statement-breakpoint
CREATE INDEX `one_time_tokens_email` ON `one_time_tokens` (`email`,`purpose`,`created_at`);