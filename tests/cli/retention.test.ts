import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/arguments.js';
import type { Output } from '../../src/cli/output.js';
import { runRetention } from '../../src/cli/retention/command.js';

const silent: Output = { colors: false, line: () => undefined, error: () => undefined };

/** What `kvs retencao` refuses before it asks any server. */
async function refusal(...words: readonly string[]): Promise<string> {
  try {
    const command = parseCommandLine(['retencao', ...words]);
    if (command.kind !== 'retention') return command.kind;
    const { action, prefix, flags } = command;
    await runRetention(action, prefix, flags, {}, silent);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('kvs retencao', () => {
  it('lists if nothing else is said, and takes an empty prefix for every key', () => {
    expect(parseCommandLine(['retencao'])).toMatchObject({ action: 'lista', prefix: undefined });
    expect(parseCommandLine(['retencao', 'define', '', '--versoes', '3'])).toMatchObject({
      ...{ kind: 'retention', action: 'define', prefix: '' },
      flags: { versoes: '3' },
    });
    expect(parseCommandLine(['retencao', 'retira', '0012'])).toMatchObject({ prefix: '0012' });
  });

  it.each([
    [['define'], 'falta o prefixo'],
    [['retira'], 'retencao retira log/'],
    [['define', 'log/'], '--versoes N, --idade 30d ou ambos'],
    [['define', 'log/', '--versoes', '0'], 'de 1 a 1000000'],
    [['define', 'log/', '--idade', '3w'], '30d, 12h, 90m ou 45s'],
    [['retira', 'log/', '--versoes', '3'], 'são de define, não de retira'],
    [['lista', 'log/'], 'tire o prefixo'],
    [['apaga', 'log/'], 'apaga'],
  ])('refuses %j', async (words, why) => {
    expect(await refusal(...words)).toContain(why);
  });
});
