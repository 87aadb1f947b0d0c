/** Turns the parsers of `net` into schema fields, and schema issues into one line that a person can act on. */
import * as z from 'zod';
import { parseHostPrefix, parseIp, parsePrefix } from '../net/address.ts';
import { parseIfName } from '../net/ifname.ts';
import { parseMac } from '../net/mac.ts';
import { err, ok, type Result } from '../net/result.ts';
import { parseVni } from '../net/vni.ts';

const parsed = <In, Out>(base: z.ZodType<In>, parse: (value: In) => Result<Out>) =>
  base.transform((value, ctx) => {
    const result = parse(value);
    if (result.ok) return result.value;
    ctx.addIssue({ code: 'custom', message: result.error });
    return z.NEVER;
  });

export const ipField = parsed(z.string(), parseIp);
export const prefixField = parsed(z.string(), parsePrefix);
export const hostPrefixField = parsed(z.string(), parseHostPrefix);
export const macField = parsed(z.string(), parseMac);
export const ifNameField = parsed(z.string(), parseIfName);
export const vniField = parsed(z.number(), parseVni);

/** Parses with a schema; the error names each field by its path: `spec.subnets[0].cidr: "10.0.0.1/24" has host bits set: …`. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown): Result<T> {
  const result = schema.safeParse(value);
  if (result.success) return ok(result.data);
  return err(result.error.issues.map((issue) => `${fieldPath(issue.path)}: ${issue.message}`).join('; '));
}

function fieldPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || '(whole object)';
}
