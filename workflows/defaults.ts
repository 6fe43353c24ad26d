/** What a task has that says nothing of it, and has no `defaults` in its file that do. */
export const DEFAULTS = {
  cores: 1,
  memory: "256 MiB",
  used: "25%",
  limit: 10,
  scale: 3,
  retries: 2,
  delay: "100 ms",
  backoff: 2,
} as const;
