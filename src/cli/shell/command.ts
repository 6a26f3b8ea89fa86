import { createInterface } from 'node:readline';
import { KvsClient } from '../../client/client.js';
import { CLIENT_OPTIONS } from '../../config/client-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { cliLimits } from '../limits.js';
import type { Output } from '../output.js';
import { targetOf } from '../target.js';
import { hostPortText } from '../../core/host-port.js';
import { completions } from './completer.js';
import { historyPath, LineHistory } from './line-history.js';
import { ShellLines } from './lines.js';

/**
 * `kvs shell`: commands on the store, one a line, over one client. Without a terminal it runs the lines of standard input
 * and says how the first that failed ended.
 * @throws KvsError CONFIGURACAO
 */
export async function runShell(flags: Flags, env: SettingSources['env'], output: Output): Promise<ExitCode> {
  const settings = new Settings(CLIENT_OPTIONS, { flags, env, file: undefined });
  const target = targetOf(settings, output.error);
  const client = await KvsClient.open(target);
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const history = isTerminal ? await LineHistory.open(historyPath(env)) : undefined;
  const [only, ...others] = target.servers;
  const where = only === undefined || others.length > 0 ? '' : ` ${hostPortText(only.host, only.port)}`;
  // Before there is a reader, since lines that come while nobody takes them are lost.
  if (isTerminal) await output.line('"ajuda" diz o que há; Tab completa; Ctrl-D ou "sai" termina');
  const reader = createInterface({
    input: process.stdin,
    output: isTerminal ? process.stdout : undefined,
    terminal: isTerminal,
    prompt: `kvs${where}> `,
    history: [...(history?.read() ?? [])].reverse(),
    historySize: cliLimits.historyLines,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      void completions(line, client).then((found) => {
        done(null, found);
      });
    },
  });
  try {
    const lines = new ShellLines({ ...target, client }, env, output, reader, history);
    const exit = await lines.run(isTerminal);
    return isTerminal ? EXIT.ok : exit;
  } finally {
    reader.close();
    client.close();
  }
}
