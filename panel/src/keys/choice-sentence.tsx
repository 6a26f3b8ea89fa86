import type { LineJson } from '../../../src/doors/http/schemas.js';
import { named } from '../parts/invisible.js';
import { clock, number, say } from '../text.js';
import type { Choice } from './rule.js';

interface ChoiceSentenceProps {
  readonly choice: Choice;
  readonly answer: LineJson | undefined;
  /** Whether versions may stand side by side on this engine. */
  readonly hasSiblings: boolean;
}

/** Which version answers a reader, and the rule that chose it. */
export function ChoiceSentence({ choice, answer, hasSiblings }: ChoiceSentenceProps) {
  if (choice.kind === 'nothing') {
    return (
      <p class="rule">
        {say(
          'Esta chave não tem versões. Grave um valor abaixo para criá-la.',
          'This key has no versions. Write a value below to create it.',
        )}
      </p>
    );
  }
  const version = answer?.versao ?? 0;
  return (
    <p class="rule">
      {answer !== undefined && (
        <strong>{say(`Responde a versão ${version}.`, `Version ${version} answers.`)}</strong>
      )}{' '}
      {reason(choice, answer, hasSiblings)}
    </p>
  );
}

function reason(choice: Choice, answer: LineJson | undefined, hasSiblings: boolean): string {
  switch (choice.kind) {
    case 'nothing':
      return '';
    case 'only':
      return say('É a única que há.', 'It is the only one there is.');
    case 'supersedes':
      return hasSiblings
        ? say(
            'É a única ponta: quem a gravou tinha visto todas as outras, e ela as substitui.',
            'It is the only head: its writer had seen all the others, and it supersedes them.',
          )
        : say(
            'Neste motor as escritas têm uma só ordem, e a última responde.',
            'On this engine writes are in one order, and the last one answers.',
          );
    case 'version':
      return `${headsWords(choice.heads)} ${say(
        `Responde a de maior versão: ${answer?.versao ?? ''} é maior que ${choice.rival.versao}.`,
        `The greatest version answers: ${answer?.versao ?? ''} is greater than ${choice.rival.versao}.`,
      )}`;
    case 'timestamp':
      return `${headsWords(choice.heads)} ${say(
        `Têm a mesma versão, e decide o instante: ${clock(answer?.ts ?? 0)} veio depois de ${clock(choice.rival.ts)}.`,
        `They have one version, and the timestamp decides: ${clock(answer?.ts ?? 0)} is later than ${clock(choice.rival.ts)}.`,
      )}`;
    case 'origin': {
      const [own, rival] = [named(answer?.origem ?? ''), named(choice.rival.origem)];
      return `${headsWords(choice.heads)} ${say(
        `Têm a mesma versão e o mesmo instante, e decide a origem: ${own} vem depois de ${rival} na ordem do texto.`,
        `They have one version and one timestamp, and the origin decides: ${own} comes after ${rival} as texts go.`,
      )}`;
    }
    case 'expired':
      return say(
        'O que viria depois na ordem (versão, instante, origem) expirou, ou foi substituído por algo que expirou.',
        'What would come later in the order (version, timestamp, origin) has expired, or was superseded by what had.',
      );
  }
}

function headsWords(heads: number): string {
  return say(
    `Há ${number(heads)} pontas: foram gravadas sem que um servidor visse a do outro, e nenhuma substitui a outra.`,
    `There are ${number(heads)} heads: they were written before one server saw the other’s, and neither supersedes the other.`,
  );
}
