import { randomBytes } from 'node:crypto';
import picocolors from 'picocolors';
import { DEMO_OPTIONS } from '../../config/laboratory-options.js';
import { wholeNumber } from '../../config/parse.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { freePort, LOOPBACKS } from '../../security/tls/open-ports.js';
import type { ExitCode } from '../exit.js';
import { cliLimits } from '../limits.js';
import type { Output } from '../output.js';
import { DemoConsole } from './console.js';
import type { ServerPlace } from '../../supervisor/server-process.js';

const USUAL_COUNT = 3;

const parseCount = wholeNumber(
  1,
  cliLimits.demoServers,
  `quantos servidores, de 1 a ${cliLimits.demoServers}`,
);

/**
 * `kvs demo`: servers of one fleet, each a process of its own, until the person at the terminal ends them.
 * @param given how many, as typed; `undefined`: three
 * @throws KvsError CONFIGURACAO
 */
export async function runDemo(given: string | undefined, flags: Flags, output: Output): Promise<ExitCode> {
  if (new Settings(DEMO_OPTIONS, { flags, env: {}, file: undefined }).value('painel')) {
    if (given !== undefined && parseCount(given, 'N') !== USUAL_COUNT) {
      throw new KvsError('CONFIGURACAO', `com --painel são sempre ${USUAL_COUNT} servidores`);
    }
    const { runLaboratoryPage } = await import('../laboratory/run-command.js');
    return runLaboratoryPage({}, output);
  }
  const count = given === undefined ? USUAL_COUNT : parseCount(given, 'N');
  // Others on this machine may run a demonstration too.
  const fleet = `demo-${randomBytes(3).toString('hex')}`;
  const brokerPort = await freePort(LOOPBACKS);
  const places: ServerPlace[] = [];
  const taken = new Set([brokerPort]);
  while (places.length < count) {
    const port = await freePort(LOOPBACKS);
    if (taken.has(port)) continue;
    taken.add(port);
    const name = `n${places.length + 1}`;
    const words = [
      String(port),
      '--nome',
      name,
      '--frota',
      fleet,
      '--broker-local',
      `127.0.0.1:${brokerPort}`,
    ];
    places.push({ name, port, words });
  }
  return new DemoConsole(places, output, picocolors.createColors(output.colors)).run();
}
