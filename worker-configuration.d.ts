/* eslint-disable */
// Generated from wrangler.toml by `npm run types`.
interface __BaseEnv_Env {
	BLOCKLIST: KVNamespace;
	COUNTERS: KVNamespace;
	PICTURES: R2Bucket;
	DB: D1Database;
	SEND_EMAIL: SendEmail;
	MAIL_QUEUE: Queue;
	MAIL_DEAD_QUEUE: Queue;
	ACTIVITY_QUEUE: Queue;
	REVOCATION_QUEUE: Queue;
	WEBHOOK_QUEUE: Queue;
	ASSETS: Fetcher;
	ENVIRONMENT: string;
	MAIL_TRANSPORT: string;
	BOOTSTRAP_ADMIN_EMAIL: string;
	LOGIN_THROTTLE: DurableObjectNamespace<import("./src/index").LoginThrottle>;
	ENDED_SESSIONS: DurableObjectNamespace<import("./src/index").EndedSessions>;
	DEV_MAILBOX: DurableObjectNamespace<import("./src/index").DevMailbox>;
}
declare namespace Cloudflare {
	interface GlobalProps {
		mainModule: typeof import("./src/index");
		durableNamespaces: "LoginThrottle" | "DevMailbox" | "EndedSessions";
	}
	interface Env extends __BaseEnv_Env {}
}
interface Env extends __BaseEnv_Env {}
