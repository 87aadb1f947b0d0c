/** The environment of a CNI call. */
import { test } from 'tap';
import { CniError } from '../../../lib/api/cni.ts';
import { type Env, parseEnv } from '../../../lib/api/cni-env.ts';

const add: Env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/c1', CNI_IFNAME: 'eth0' };

test('a complete environment becomes a call', (t) => {
  t.strictSame(parseEnv(add), { command: 'ADD', netns: '/run/netns/c1', containerID: 'c1', ifname: 'eth0' });
  t.strictSame(parseEnv({ ...add, CNI_COMMAND: 'DEL', CNI_NETNS: '' }), {
    command: 'DEL',
    containerID: 'c1',
    ifname: 'eth0',
  });
  for (const command of ['GC', 'STATUS', 'VERSION']) t.strictSame(parseEnv({ CNI_COMMAND: command }), { command });
  t.end();
});

test('the pod is read from CNI_ARGS, other keys are left to other plugins', (t) => {
  const args =
    'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=a-1;X=';
  const call = parseEnv({ ...add, CNI_ARGS: args });
  t.match(call, { pod: { namespace: 'default', name: 'web-0', uid: 'a-1', infraContainerID: 'abc' } });
  const noUid = parseEnv({ ...add, CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_UID=' });
  t.match(noUid, { pod: { namespace: 'default', name: 'web-0', uid: undefined } });
  t.end();
});

test('every missing variable is named at once', (t) => {
  t.throws(() => parseEnv({ CNI_COMMAND: 'ADD' }), { code: 4, message: /CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME/ });
  t.throws(() => parseEnv({ CNI_COMMAND: 'DEL' }), { code: 4, message: /CNI_CONTAINERID, CNI_IFNAME:/ });
  t.throws(() => parseEnv({ ...add, CNI_NETNS: '' }), { code: 4, message: /needs CNI_NETNS:/ });
  t.end();
});

const wrong: readonly (readonly [string, Env, RegExp])[] = [
  ['a command in lower case', { CNI_COMMAND: 'add' }, /CNI_COMMAND is "add".*ADD, DEL/],
  ['a command with a blank', { CNI_COMMAND: 'ADD ' }, /CNI_COMMAND/],
  ['an interface of 16 characters', { CNI_IFNAME: 'a'.repeat(16) }, /CNI_IFNAME/],
  ['"." as interface', { CNI_IFNAME: '.' }, /CNI_IFNAME/],
  ['".." as interface', { CNI_IFNAME: '..' }, /CNI_IFNAME/],
  ['"/" in the interface', { CNI_IFNAME: 'a/b' }, /CNI_IFNAME/],
  ['":" in the interface', { CNI_IFNAME: 'a:b' }, /CNI_IFNAME/],
  ['a space in the interface', { CNI_IFNAME: 'a b' }, /CNI_IFNAME/],
  ['a container id that climbs', { CNI_CONTAINERID: '../x' }, /CNI_CONTAINERID/],
  ['a container id that starts with a dot', { CNI_CONTAINERID: '.x' }, /CNI_CONTAINERID/],
  ['a container id with a newline at its end', { CNI_CONTAINERID: 'x\n' }, /CNI_CONTAINERID/],
  ['a container id with a letter beyond ASCII', { CNI_CONTAINERID: 'ä' }, /CNI_CONTAINERID/],
  ['a container id that is too long', { CNI_CONTAINERID: 'x'.repeat(129) }, /CNI_CONTAINERID/],
  ['a relative namespace', { CNI_NETNS: 'run/netns/x' }, /CNI_NETNS.*absolute/],
  ['an argument without value', { CNI_ARGS: 'K8S_POD_NAME' }, /CNI_ARGS has "K8S_POD_NAME".*KEY=VALUE/],
  ['a pod without namespace', { CNI_ARGS: 'K8S_POD_NAME=x' }, /no K8S_POD_NAMESPACE/],
  ['a namespace without pod', { CNI_ARGS: 'K8S_POD_NAMESPACE=x' }, /no K8S_POD_NAME$/],
  [
    'a pod name that is a path',
    { CNI_ARGS: 'K8S_POD_NAMESPACE=x;K8S_POD_NAME=../../nodes' },
    /K8S_POD_NAME="..\/..\/nodes"/,
  ],
  ['a pod uid that is a path', { CNI_ARGS: 'K8S_POD_NAMESPACE=x;K8S_POD_NAME=y;K8S_POD_UID=../a' }, /K8S_POD_UID/],
];

test('an environment that is wrong is refused with code 4 and the variable', (t) => {
  for (const [what, change, message] of wrong) {
    t.throws(() => parseEnv({ ...add, ...change }), { code: 4, message }, what);
    t.throws(() => parseEnv({ ...add, ...change }), CniError, what);
  }
  t.end();
});

test('DEL is held to the same names as ADD', (t) => {
  t.throws(() => parseEnv({ CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'a b', CNI_IFNAME: 'eth0' }), { code: 4 });
  t.end();
});
