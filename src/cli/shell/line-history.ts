import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { makeFolder } from '../../files/make-folder.js';
import type { StoreName } from '../../config/commands.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { cliLimits } from '../limits.js';
import { lineWords } from './line-words.js';

/** Commands whose words after the key are values. */
const VALUE_COMMANDS: ReadonlySet<string> = new Set<StoreName>(['insere', 'compara']);
/** Commands whose lines are kept whole. A word that is no command may be the beginning of a mistyped one. */
const PLAIN_COMMANDS: ReadonlySet<string> = new Set(
  Object.keys(STORE_OPTIONS).filter((name) => !VALUE_COMMANDS.has(name)),
);
const PRIVATE_MODE = 0o600;

/** Where the lines of the shell are kept: the user's folder for the state of programs. */
export function historyPath(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['XDG_STATE_HOME'] ?? '';
  return join(isAbsolute(given) ? given : join(homedir(), '.local', 'state'), 'kvs', 'historico');
}

/**
 * What of a line is kept on disk: values may be secrets, so a line that stores one is kept up to its key; a line that
 * begins with a blank is not kept at all.
 */
export function keptLine(line: string): string | undefined {
  if (/^(\s|$)/.test(line)) return undefined;
  let words: readonly string[];
  try {
    words = lineWords(line);
  } catch {
    return undefined;
  }
  const [command = '', key] = words;
  if (PLAIN_COMMANDS.has(command)) return line.replace(/[\r\n]+/g, ' ').trimEnd();
  if (!VALUE_COMMANDS.has(command)) return undefined;
  const rest = line.slice(command.length).trimStart();
  // The key as it was typed, with its quotes: whatever comes first after the command, unless it is an option.
  const [, typed] = /^((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+)/.exec(rest) ?? [];
  return key === undefined || typed === undefined || typed.startsWith('-') ? command : `${command} ${typed} `;
}

/** The lines of the shell in a file that only its owner reads, bounded in number. Failures only cost the history. */
export class LineHistory {
  private isBroken = false;

  private constructor(private readonly path: string) {}

  /** @param path its file, which need not exist, nor its folder */
  static async open(path: string): Promise<LineHistory> {
    const history = new LineHistory(path);
    await makeFolder(dirname(path)).catch(() => {
      history.isBroken = true;
    });
    return history;
  }

  /** The kept lines, oldest first; shortens the file if there are many more. */
  read(): readonly string[] {
    try {
      const { size } = statSync(this.path);
      if (size > cliLimits.historyBytes) {
        this.isBroken = true;
        return [];
      }
      const lines = readFileSync(this.path, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      const kept = lines.slice(-cliLimits.historyLines);
      if (lines.length > 2 * cliLimits.historyLines) this.rewrite(kept);
      return kept;
    } catch {
      return [];
    }
  }

  add(line: string): void {
    const kept = keptLine(line);
    if (kept === undefined || this.isBroken || kept.length > cliLimits.historyLineChars) return;
    try {
      appendFileSync(this.path, `${kept}\n`, { mode: PRIVATE_MODE });
    } catch {
      this.isBroken = true;
    }
  }

  private rewrite(lines: readonly string[]): void {
    const beside = `${this.path}.${String(process.pid)}.parcial`;
    writeFileSync(beside, lines.map((line) => `${line}\n`).join(''), { mode: PRIVATE_MODE, flag: 'wx' });
    renameSync(beside, this.path);
  }
}
