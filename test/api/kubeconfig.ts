/** A kubeconfig file for a test's API server. */
import { stringify } from 'yaml';
import type { Server } from '../unit/lab/apiserver/contract/send.ts';

export function kubeconfigText({ url, token, ca }: Server): string {
  const trust = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, ...trust } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
