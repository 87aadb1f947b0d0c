/** Who may talk to the lab's API server: a token and a kubeconfig file for people, the controller and each agent. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import * as z from 'zod';
import { writeAtomically } from '../store/atomic-file.ts';
import { type Certificate, selfSignedCertificate } from './apiserver/tls.ts';
import type { LabLayout } from './layout.ts';
import { FABRIC_V4 } from './topology.ts';

export interface Account {
  /** Names the kubeconfig file. */
  readonly name: string;
  /** As Kubernetes has it: `system:serviceaccount:…`. */
  readonly user: string;
  readonly groups: readonly string[];
  readonly token: string;
}
const accountsSchema = z.array(
  z.object({ name: z.string(), user: z.string(), groups: z.array(z.string()), token: z.string() }),
);

export const ADMIN = 'admin';
export const CONTROLLER = 'controller';
export const agentAccount = (node: string): string => `agent-${node}`;

export const CONTROLLER_USER = 'system:serviceaccount:warren-system:warren-controller';
/** A user for each agent, so that a fault can meet one of them. */
export const nodeUser = (node: string): string => `system:node:${node}`;
const NODE_GROUPS = ['system:nodes', 'system:authenticated'];

/** New tokens for everybody, on disk readable by root alone. */
export async function makeAccounts(layout: LabLayout, nodes: readonly string[]): Promise<readonly Account[]> {
  const accounts = [
    { name: ADMIN, user: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
    { name: CONTROLLER, user: CONTROLLER_USER, groups: ['system:serviceaccounts', 'system:authenticated'] },
    ...nodes.map((node) => ({ name: agentAccount(node), user: nodeUser(node), groups: NODE_GROUPS })),
  ].map((account) => ({ ...account, token: randomBytes(24).toString('base64url') }));
  await writeAtomically(layout.tokens, JSON.stringify(accounts));
  return accounts;
}

export async function readAccounts(layout: LabLayout): Promise<readonly Account[]> {
  return accountsSchema.parse(JSON.parse(await readFile(layout.tokens, 'utf8')));
}

const certificateSchema = z.object({ cert: z.string(), key: z.string() });

/** The API server's, for both addresses at which it listens. */
export async function makeCertificate(layout: LabLayout): Promise<Certificate> {
  const certificate = await selfSignedCertificate(['127.0.0.1', 'localhost', FABRIC_V4]);
  await writeAtomically(layout.certificate, JSON.stringify(certificate));
  return certificate;
}

export const readCertificate = async (layout: LabLayout): Promise<Certificate> =>
  certificateSchema.parse(JSON.parse(await readFile(layout.certificate, 'utf8')));

/** For one account; it holds all that is needed and names no other file. */
export const writeKubeconfig = (
  layout: LabLayout,
  account: Account,
  server: string,
  { cert }: Certificate,
): Promise<void> =>
  writeAtomically(
    layout.kubeconfig(account.name),
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'warren-lab',
      clusters: [{ name: 'warren-lab', cluster: { server, 'certificate-authority-data': base64(cert) } }],
      users: [{ name: account.name, user: { token: account.token } }],
      contexts: [{ name: 'warren-lab', context: { cluster: 'warren-lab', user: account.name } }],
    }),
  );

const base64 = (text: string): string => Buffer.from(text).toString('base64');
