import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../support/e2e-build.js';
import { eventually } from '../../support/eventually.js';
import { examplesIn, guidePage, outputOf, patternOf } from '../../support/guide-examples.js';
import type { Example } from '../../support/guide-examples.js';
import { mosquittoAvailable, startMosquitto } from '../../support/mosquitto.js';
import type { Mosquitto } from '../../support/mosquitto.js';
import { mosquittoClientsAvailable } from '../../support/mosquitto-clients.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';

/** What the guide about MQTT tells people to type is typed, and shows what it says. */

const page = guidePage('mqtt.md');
const [beforeUsers = '', fromUsers = ''] = page.split('\n## Quem pode\n');
const [aboutUsers = ''] = fromUsers.split('\n## ');
/** The lines of a text that are typed and show nothing. */
const linesOf = (text: string): string[] =>
  text.split('\n').flatMap((line) => (/^ {4}(?!\$ |\{)(?=[.(a-z])/.test(line) ? [line.trim()] : []));

const CLIENTS = ['mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr'];

/** A home where the programs of Mosquitto find their port. */
class Home {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Home> {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-guia-mqtt-'));
    await mkdir(join(folder, 'bin'));
    await symlink(join(root, 'bin/kvs'), join(folder, 'bin/kvs'));
    return new Home(folder);
  }

  /** @param words said to each program, one option a line */
  async settle(words: string): Promise<void> {
    await mkdir(join(this.folder, '.config'), { recursive: true });
    for (const program of CLIENTS) {
      const path = join(this.folder, '.config', program);
      const own = await readFile(path, 'utf8').catch(() => '');
      await writeFile(path, `${own}${words}`, { mode: 0o600 });
    }
  }

  run(command: string): Promise<string> {
    const env = { ...process.env, HOME: this.folder, XDG_CONFIG_HOME: join(this.folder, '.config') };
    return outputOf(command, env, this.folder);
  }

  /** Runs the examples in order; a question over HTTP is asked until what was published has been done. */
  async shows(examples: readonly Example[], httpPort: number): Promise<void> {
    for (const { command, shown } of examples) {
      const here = command.replaceAll(':9000', `:${String(httpPort)}`);
      let stdout = '';
      const isShown = async (): Promise<boolean> => {
        stdout = (await this.run(here)).trim();
        return patternOf(shown).test(stdout);
      };
      if (command.startsWith('curl')) await eventually(command, isShown).catch(() => undefined);
      else await isShown();
      expect(stdout, command).toMatch(patternOf(shown));
    }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

const isThere = mosquittoAvailable() && mosquittoClientsAvailable();

/** A server as the guide starts one: the line of the guide, on other ports. */
async function startAs(line: string, more: readonly string[], folder: string): Promise<ServerProcess> {
  const words = line
    .replace(/ +#.*$/, '')
    .split(' ')
    .slice(2);
  const args = words.map((word) => (/\.(?:json|token)$/.test(word) ? join(folder, word) : word));
  return ServerProcess.start({ fleet: 'padrao', args: [...args, ...more] });
}

describe.skipIf(!isThere)('the guide about MQTT', () => {
  let home: Home;
  beforeAll(async () => {
    home = await Home.make();
  });
  afterAll(() => home.remove());

  describe('on a broker without users', () => {
    let broker: Mosquitto;
    let server: ServerProcess;
    beforeAll(async () => {
      broker = await startMosquitto();
      await home.settle(`-p ${String(broker.port)}\n`);
      const [, line = ''] = linesOf(beforeUsers).filter((each) => each.startsWith('./server.sh'));
      server = await startAs(line.replace('mqtt://127.0.0.1:1883', broker.url), [], home.folder);
      await eventually('it acts', () => server.logged('MQTT: este servidor'), 30_000);
    }, 90_000);
    afterAll(async () => {
      await server.stop();
      await broker.stop();
    });

    it('its commands show what it says they do', { timeout: 60_000 }, async () => {
      const examples = examplesIn(beforeUsers);
      expect(examples.length).toBeGreaterThan(18);
      await home.shows(examples, server.port);
    });

    it('what Home Assistant is told to publish comes back to where it looks', async () => {
      const yaml = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '';
      const entries = yaml.split('    - name:').slice(1);
      expect(entries).toHaveLength(3);
      for (const entry of entries) {
        const of = (field: string): string | undefined => new RegExp(`${field}: "(.*)"`).exec(entry)?.[1];
        const [state, command] = [of('state_topic') ?? '', of('command_topic')];
        // A sensor is what the program of the other example publishes.
        const target = command ?? state.replace('/valor/', '/grava/');
        const payloads =
          command === undefined ? ['19.5'] : [of('payload_off') ?? '18', of('payload_on') ?? '21'];
        for (const payload of payloads) {
          await home.run(`mosquitto_pub -q 0 -t ${target} -m ${payload}`);
          await eventually(`${payload} on ${state}`, async () => {
            const seen = await home.run(`mosquitto_sub -C 1 -W 5 -q 0 -t ${state}`);
            return seen === `${payload}\n`;
          });
        }
      }
    });

    it('a broker that is bridged as it says passes on what clients need, and nothing of its own', async () => {
      const bridges = [...page.matchAll(/```conf\n(.*?)```/gs)].map(([, conf = '']) => conf);
      expect(bridges).toHaveLength(2);
      for (const [i, bridge] of bridges.entries()) {
        const conf = bridge.replace(
          /^address .*$/m,
          `address 127.0.0.1:${String(broker.port)}\nrestart_timeout 1`,
        );
        const other = await startMosquitto({ conf: `allow_anonymous true\n${conf}` });
        try {
          const at = `-p ${String(other.port)}`;
          const key = `bridge/${String(i)}`;
          // It connects after a moment; what is published before is lost or comes later.
          await eventually('a value from the other broker', async () => {
            const seen = await home.run(`mosquitto_sub ${at} -C 1 -W 2 -t kvs/padrao/espelho`);
            return seen.includes('servidor');
          });
          await home.run(`mosquitto_pub ${at} -q 1 -t kvs/padrao/grava/${key} -m sim`);
          expect(await home.run(`mosquitto_sub ${at} -C 1 -W 10 -v -t kvs/padrao/valor/${key}`)).toContain(
            `${key} sim`,
          );
          const place = (what: string): string => `kvs/padrao/${what}/ana/bridge-${String(i)}`;
          const question = JSON.stringify({ op: 'historico', chave: key });
          const answer = await home.run(
            `mosquitto_rr ${at} -V mqttv311 -W 10 -t ${place('pede')} -e ${place('resposta')} -m '${question}'`,
          );
          expect((JSON.parse(answer) as { linhas: unknown[] }).linhas).toHaveLength(1);
        } finally {
          await other.stop();
        }
      }
    }, 60_000);

    it('what the ESP32 publishes and hears is there, as it speaks: MQTT 3.1.1, QoS 0', async () => {
      const program = /```cpp\n(.*?)```/s.exec(page)?.[1] ?? '';
      const published = /mqtt\.publish\("([^"]+)"/.exec(program)?.[1] ?? '';
      const heard = /mqtt\.subscribe\("([^"]+)", 1\)/.exec(program)?.[1] ?? '';
      await home.run(`mosquitto_pub -V mqttv311 -q 0 -t ${published} -m 33.3`);
      const shown = published.replace('/grava/', '/valor/');
      await eventually(
        'its value',
        async () => (await home.run(`mosquitto_sub -C 1 -W 5 -t ${shown}`)) === '33.3\n',
      );
      const switching = heard.replace('/valor/', '/grava/');
      await home.run(`mosquitto_pub -q 1 -t ${switching} -m ON`);
      await eventually('what it hears', async () => {
        const seen = await home.run(`mosquitto_sub -V mqttv311 -i esp32-sala -q 1 -C 1 -W 5 -t ${heard}`);
        return seen === 'ON\n';
      });
    });
  });

  it('who may what: users, their files, and what they show', { timeout: 90_000 }, async () => {
    const lines = linesOf(aboutUsers);
    const serverLine = lines.findIndex((line) => line.startsWith('./server.sh'));
    await rm(join(home.folder, '.config'), { recursive: true, force: true });
    for (const line of lines.slice(0, serverLine)) await home.run(line);
    const port = await freePort();
    const place = ['--broker-local', `127.0.0.1:${String(port)}`];
    const server = await startAs(lines[serverLine]!, place, home.folder);
    try {
      await eventually('it acts', () => server.logged('MQTT: este servidor'), 30_000);
      for (const line of lines.slice(serverLine + 1)) await home.run(line);
      expect((await readdir(join(home.folder, '.config'))).sort()).toEqual([...CLIENTS].sort());
      await home.settle(`-p ${String(port)}\n`);
      await home.shows(examplesIn(aboutUsers), server.port);
    } finally {
      await server.stop();
    }
  });
});
