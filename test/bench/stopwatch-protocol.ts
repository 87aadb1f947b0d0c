// What the benchmark and its stopwatch process say to each other: a line of JSON each way.
import * as z from 'zod';

export const orderSchema = z.object({
  path: z.string(),
  env: z.record(z.string(), z.string()),
  /** Files, as seen inside the namespaces. */
  stdin: z.string(),
  stdout: z.string(),
});
export type Order = z.infer<typeof orderSchema>;

export const lapSchema = z.object({
  microseconds: z.number(),
  /** As waitpid(2) gives it; negative: errno of the spawn. */
  status: z.number(),
  /** What it wrote, when it failed. */
  output: z.string(),
});
export type Lap = z.infer<typeof lapSchema>;
