/** Faults of the lab's API server from outside its process. */
import * as z from 'zod';
import type { FaultSpec } from './apiserver/faults.ts';
import type { ApiRequest } from './api-client.ts';
import type { Lab } from './lab.ts';
import { LabError } from './lab-error.ts';
import { textTable } from './text-table.ts';

const faultSchema = z.looseObject({ id: z.string(), kind: z.string() });
const listSchema = z.object({ items: z.array(faultSchema) });
export type ActiveFault = z.infer<typeof faultSchema>;

/** `drop` and `expire` are over when this resolves; the others last as long as they were asked to. */
export const addFault = async (lab: Lab, fault: FaultSpec): Promise<ActiveFault> =>
  faultSchema.parse(await request(lab, { method: 'POST', body: fault }));

export const listFaults = async (lab: Lab): Promise<readonly ActiveFault[]> =>
  listSchema.parse(await request(lab, {})).items;

/** Ends all of them. */
export async function clearFaults(lab: Lab): Promise<void> {
  await request(lab, { method: 'DELETE' });
}

function request(lab: Lab, request: ApiRequest): Promise<unknown> {
  if (lab.state.assets === undefined) return lab.api.request('/lab/faults', request);
  throw new LabError(
    'this lab has a real kube-apiserver, which knows no faults',
    'bring one up without KUBEBUILDER_ASSETS, or stop the server: warrenctl lab api stop',
  );
}

export function faultsText(faults: readonly ActiveFault[]): string {
  if (faults.length === 0) return 'no faults';
  return textTable([['KIND', 'DETAILS'], ...faults.map(({ id: _, kind, ...rest }) => [kind, details(rest)])]);
}

const details = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
