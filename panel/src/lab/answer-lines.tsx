import type { CallAnswered } from '../../../src/laboratory/recording.js';
import { say } from '../text.js';
import type { Run } from './run.js';
import { shortText, visibleText } from './visible-text.js';

const LINES = 12;

/** What a call was answered: versions with their marks, or why not. */
export function AnswerLines({ run, answer }: { run: Run; answer: CallAnswered }) {
  const lines = answer.lines.slice(-LINES);
  return (
    <div class="answer">
      {answer.code !== 'OK' && (
        <p class="refused">
          <code>{answer.code}</code> <bdi>{visibleText(answer.message)}</bdi>
        </p>
      )}
      {answer.code === 'OK' && lines.length === 0 && <p class="quiet">{say('feito', 'done')}</p>}
      {lines.length > 0 && (
        <ul class="versions">
          {lines.map(({ value, version, origin, isHead, isSibling }) => (
            <li key={`${version} ${origin}`}>
              <span class="quiet">v{version}</span> <bdi class="mono">{shortText(value, 80)}</bdi>{' '}
              {isHead && <span class="badge">{say('ponta', 'head')}</span>}
              {isSibling && <span class="badge">{say('irmã', 'sibling')}</span>}
              <span class="quiet" title={visibleText(origin)}>
                {' '}
                {shortText(run.nameOf(origin), 20)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {answer.lines.length > LINES && (
        <p class="quiet">
          {say(
            `as ${LINES} últimas de ${answer.lines.length}`,
            `the last ${LINES} of ${answer.lines.length}`,
          )}
        </p>
      )}
    </div>
  );
}
