/** `warrenctl lab up|down|status|kubeconfig|node|agent|controller`: the lab itself and what runs in it. */
import { CONTROLLER } from '../../lib/lab/access.ts';
import { serveApi } from '../../lib/lab/api-process.ts';
import { agentDaemon, API_SERVER, controlDaemon, DAEMON_ACTIONS } from '../../lib/lab/daemons.ts';
import { runDemo } from '../../lib/lab/demo.ts';
import { labDown } from '../../lib/lab/down.ts';
import { downText, upText } from '../../lib/lab/life-text.ts';
import { findNode, openLab, readKubeconfig } from '../../lib/lab/lab.ts';
import { LabError } from '../../lib/lab/lab-error.ts';
import { viewLab } from '../../lib/lab/lab-view.ts';
import { onNode } from '../../lib/lab/node.ts';
import { drawLab } from '../../lib/lab/picture.ts';
import { statusText } from '../../lib/lab/status.ts';
import { runAttached } from '../../lib/lab/terminal.ts';
import { DEFAULT_OPTIONS, parseLabOptions } from '../../lib/lab/topology.ts';
import { labUp } from '../../lib/lab/up.ts';
import { commandAfterDashes, labCommandOf, labDir, print, progress } from './command.ts';

const up = labCommandOf({
  command: 'up',
  describe: 'Bring the lab up, or what is missing of it',
  builder: (argv) =>
    argv
      .option('nodes', { type: 'number', default: DEFAULT_OPTIONS.nodes, describe: 'How many nodes: n1, n2, …' })
      .option('underlay-mtu', {
        type: 'number',
        default: DEFAULT_OPTIONS.underlayMtu,
        describe: 'MTU of eth0 of the nodes',
      })
      .option('underlay-family', {
        type: 'number',
        default: DEFAULT_OPTIONS.underlayFamily,
        choices: [4, 6],
        describe: 'Tunnel over IPv4 or IPv6',
      }),
  handler: async (args) => {
    const options = parseLabOptions(args);
    if (!options.ok) throw new LabError(options.error, 'see: warrenctl lab up --help', 2);
    print(upText(await labUp(labDir(args), options.value, progress)));
  },
});

const down = labCommandOf({
  command: 'down',
  describe: 'Remove the lab: processes, namespaces, devices, files',
  builder: (argv) =>
    argv.option('verbose', { alias: 'v', type: 'boolean', default: false, describe: 'List what was removed' }),
  handler: async (args) => {
    const dir = labDir(args);
    const report = await labDown(dir);
    print(
      report === undefined ? `there is no lab in ${dir}` : downText(report, args.verbose ? 'every item' : 'counts'),
    );
    if (report !== undefined && report.left.length > 0) process.exitCode = 1;
  },
});

const status = labCommandOf({
  command: 'status',
  describe: 'Show nodes, processes and containers',
  builder: (argv) => argv,
  handler: async (args) => print(await statusText(await openLab(labDir(args)))),
});

const kubeconfig = labCommandOf({
  command: 'kubeconfig',
  describe: 'Print a kubeconfig for kubectl (cluster admin)',
  builder: (argv) => argv,
  handler: async (args) => void process.stdout.write(await readKubeconfig(await openLab(labDir(args)))),
});

const node = labCommandOf({
  command: 'node <node>',
  describe: 'Run a command on a node: warrenctl lab node n1 -- CMD...',
  builder: (argv) => argv.positional('node', { type: 'string', demandOption: true }),
  handler: async (args) => {
    const lab = await openLab(labDir(args));
    const command = commandAfterDashes(args);
    const shell = command.length === 0 ? [process.env['SHELL'] ?? '/bin/sh'] : command;
    process.exitCode = await runAttached(onNode(lab.layout, findNode(lab, args.node).name, shell), lab.env);
  },
});

const agent = labCommandOf({
  command: 'agent <node> <action>',
  describe: "Stop, start, restart or kill (-9) a node's agent",
  builder: (argv) =>
    argv
      .positional('node', { type: 'string', demandOption: true })
      .positional('action', { choices: DAEMON_ACTIONS, demandOption: true }),
  handler: async (args) => {
    const lab = await openLab(labDir(args));
    print(await controlDaemon(lab, agentDaemon(findNode(lab, args.node).name), args.action));
  },
});

const controller = labCommandOf({
  command: 'controller <action>',
  describe: 'Stop, start, restart or kill (-9) the controller',
  builder: (argv) => argv.positional('action', { choices: DAEMON_ACTIONS, demandOption: true }),
  handler: async (args) => print(await controlDaemon(await openLab(labDir(args)), CONTROLLER, args.action)),
});

const apiServer = labCommandOf({
  command: 'api <action>',
  describe: 'Stop, start, restart or kill (-9) the API server',
  builder: (argv) => argv.positional('action', { choices: DAEMON_ACTIONS, demandOption: true }),
  handler: async (args) => print(await controlDaemon(await openLab(labDir(args)), API_SERVER, args.action)),
});

const topology = labCommandOf({
  command: 'topology',
  describe: 'Draw nodes, containers and the tunnels between them',
  builder: (argv) => argv,
  handler: async (args) => {
    const { nodes, networks } = await viewLab(await openLab(labDir(args)));
    print(drawLab(nodes, networks, process.stdout.columns));
  },
});

const demo = labCommandOf({
  command: 'demo',
  describe: 'Show what Warren does, in a lab of its own that goes away again',
  builder: (argv) => argv,
  handler: async (args) => {
    if (args.dir !== undefined) throw new LabError('the demo has a lab of its own', 'leave --dir out', 2);
    const interrupted = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => interrupted.abort(new LabError(`interrupted by ${signal}`, '', 130)));
    await runDemo(print, interrupted.signal);
  },
});

const serve = labCommandOf({
  command: 'apiserver',
  describe: false,
  builder: (argv) => argv,
  handler: async (args) => serveApi(labDir(args)),
});

export const lifeCommands = [up, down, status, topology, kubeconfig, node, agent, controller, apiServer, demo, serve];
