import { USUAL_SERVERS, parseServers } from '../../config/server-parsers.js';
import { KvsError } from '../../core/errors.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Keyboard } from './keyboard.js';
import type { Session } from './session.js';

const MENU = `
1 INIT  escolhe os três servidores
2 PUT   guarda um valor
3 GET   lê um valor
0 SAIR`;

const CHOICES: Readonly<Record<string, Choice>> = { '1': 'INIT', '2': 'PUT', '3': 'GET', '0': 'SAIR' };
type Choice = 'INIT' | 'PUT' | 'GET' | 'SAIR';

const SERVERS = 3;

/**
 * The menu of the client: a number or a word, with its arguments on the same line (`PUT nome Maria`) or asked for.
 * @returns for a script, the exit code of the first operation that failed; for a person, 0
 */
export async function runMenu(session: Session, keyboard: Keyboard): Promise<ExitCode> {
  const before = { key: 'chave', value: 'valor', choice: 'INIT' };
  let exit: ExitCode = EXIT.ok;
  for (;;) {
    keyboard.say(MENU);
    const line = await keyboard.line(`Escolha [${before.choice}]: `);
    if (line === undefined) break;
    const [, word = '', rest] = /^\s*(\S*)(?:\s+(\S.*))?\s*$/s.exec(line) ?? [];
    const choice = choiceOf(word === '' ? before.choice : word);
    if (choice === 'SAIR') break;
    let ended: ExitCode = EXIT.ok;
    switch (choice) {
      case 'INIT':
        ended = await init(session, keyboard, rest);
        before.choice = 'GET';
        break;
      case 'PUT': {
        const [key, value] = await putArguments(keyboard, rest, before);
        ended = await session.put(key, value);
        [before.key, before.value, before.choice] = [key, value, 'GET'];
        break;
      }
      case 'GET': {
        const key = rest ?? (await keyboard.ask('Chave', before.key, (text) => text));
        ended = await session.get(key);
        [before.key, before.choice] = [key, 'GET'];
        break;
      }
      case undefined:
        keyboard.say(`"${word}" não é uma escolha: INIT, PUT, GET ou SAIR`);
        ended = EXIT.usage;
    }
    if (exit === EXIT.ok) exit = ended;
  }
  keyboard.close();
  return keyboard.isTerminal ? EXIT.ok : exit;
}

function choiceOf(word: string): Choice | undefined {
  return CHOICES[word] ?? Object.values(CHOICES).find((choice) => choice === word.toUpperCase());
}

/** `PUT chave valor`: the key is the first word, the value everything after it. */
async function putArguments(
  keyboard: Keyboard,
  rest: string | undefined,
  before: { readonly key: string; readonly value: string },
): Promise<readonly [key: string, value: string]> {
  const [, given, after] = /^(\S+)(?:\s+(\S.*))?$/s.exec(rest ?? '') ?? [];
  const key = given ?? (await keyboard.ask('Chave', before.key, (text) => text));
  const value = after ?? (await keyboard.ask('Valor', before.value, (text) => text));
  return [key, value];
}

async function init(session: Session, keyboard: Keyboard, rest: string | undefined): Promise<ExitCode> {
  try {
    const servers: string[] = rest === undefined ? [] : rest.split(/[\s,]+/);
    for (let n = servers.length + 1; n <= SERVERS && rest === undefined; n++) {
      const fallback = session.addresses[n - 1] ?? USUAL_SERVERS[n - 1] ?? '';
      servers.push(await keyboard.ask(`Servidor ${n}, IP:porta`, fallback, readAddress));
    }
    session.init(parseServers({ texts: servers, place: 'INIT' }));
    keyboard.say(`servidores: ${session.addresses.join(', ')}`);
    return EXIT.ok;
  } catch (error) {
    keyboard.say(KvsError.from(error).message);
    return EXIT.usage;
  }
}

function readAddress(text: string): string {
  return parseServers({ texts: [text], place: 'servidor' })[0] ?? text;
}
