import { answerOf } from '../../src/cli/operations/answer.js';
import type { AskedKey, KeyAnswer, KeyOperation } from '../../src/cli/operations/operation.js';
import { printerOf } from '../../src/cli/rendering/printer.js';

/** The answers of an operation to these messages of its door, in one call. */
export function answersTo(
  operation: KeyOperation,
  given: readonly Partial<AskedKey>[],
  messages: readonly object[],
  reasons?: string,
): KeyAnswer[] {
  const asked = given.map((one) => ({ key: 'k', value: '', version: undefined, ...one }));
  const encoded = reasons === undefined ? undefined : encodeURIComponent(reasons);
  return messages.flatMap(
    (message, index) => answerOf({ operation, asked }, operation.rpc.read(message), index, encoded) ?? [],
  );
}

/** What is printed of these answers, without colours: lines of standard output, and of standard error. */
export async function printed(
  operation: KeyOperation,
  answers: readonly KeyAnswer[],
  json = false,
): Promise<string> {
  const lines: string[] = [];
  const output = {
    colors: false,
    line: (text: string) => {
      lines.push(text);
      return undefined;
    },
    error: (message: string) => lines.push(message),
  };
  const printer = await printerOf(operation, json ? 'json' : 'people', output);
  for (const answer of answers) await printer.add(answer);
  await printer.end(true);
  return lines.join('\n');
}
