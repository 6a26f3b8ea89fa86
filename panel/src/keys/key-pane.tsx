import { useMemo, useState } from 'preact/hooks';
import type { PanelStartJson } from '../../../src/doors/http/panel-json.js';
import { ErrorNote } from '../parts/error-note.js';
import { ShownLine } from '../parts/shown.js';
import { go } from '../route.js';
import { number, say } from '../text.js';
import { fitsAddress } from './calls.js';
import { ChoiceSentence } from './choice-sentence.js';
import type { HistoryOfKey } from './key-history.js';
import { compareVersions, versionName } from './order.js';
import { readProblem, writeProblem } from './permission.js';
import { QueryForm } from './query-form.js';
import { Removal } from './removal.js';
import { answerChoice } from './rule.js';
import { Timeline } from './timeline.js';
import { VersionView } from './version-view.js';
import { WriteForm } from './write-form.js';

/** One key: its versions, why one of them answers, and what can be done with it. */
export function KeyPane({
  begun,
  history,
}: {
  readonly begun: PanelStartJson;
  readonly history: HistoryOfKey;
}) {
  const { key } = history;
  const state = history.state.value;
  const error = history.error.value;
  const [picked, pick] = useState<string>();
  const lines = state?.lines ?? [];
  const choice = useMemo(() => answerChoice(lines, state?.answer), [lines, state?.answer]);
  const answerAt = lines.findIndex(
    (line) => state?.answer !== undefined && compareVersions(line, state.answer) === 0,
  );
  const pickedAt = picked === undefined ? -1 : lines.findIndex((line) => versionName(line) === picked);
  const selected = pickedAt >= 0 ? pickedAt : answerAt >= 0 ? answerAt : lines.length - 1;
  const line = lines[selected];
  const problem = writeProblem(begun, key);
  const again = (): void => history.changed();
  return (
    <section class="sheet keys-pane" aria-labelledby="key-title">
      <div class="sheet-head">
        <h2 id="key-title">
          <ShownLine text={key} chars={400} />
        </h2>
        <button type="button" onClick={() => go({ view: 'chaves', key: undefined })}>
          {say('Fechar', 'Close')}
        </button>
      </div>
      {!fitsAddress(key) && (
        <p class="note">
          {say(
            'Esta chave é longa demais para um endereço de HTTP: a página pode gravá-la; para ver a sua história, use kvs historico.',
            'This key is too long for an HTTP address: the page can write it; to see its history, use kvs historico.',
          )}
        </p>
      )}
      {error !== undefined && <ErrorNote error={error} />}
      {state !== undefined && (
        <>
          <ChoiceSentence {...{ choice, answer: state.answer, hasSiblings: begun.capacidades.irmas }} />
          {lines.length > 0 && (
            <>
              <Timeline
                {...{ lines, answer: state.answer, selected }}
                onSelect={(place) => {
                  const chosen = lines[place];
                  pick(chosen && versionName(chosen));
                }}
              />
              <Legend hasSiblings={begun.capacidades.irmas} />
              {(state.leftOut > 0 || state.isCut) && <LeftOut leftOut={state.leftOut} isCut={state.isCut} />}
            </>
          )}
          {line !== undefined && <VersionView {...{ lines, line, answer: state.answer }} />}
        </>
      )}
      <div class="forms">
        <WriteForm {...{ begun, keyName: key, problem, onDone: again }} latest={state?.answer?.versao ?? 0} />
        <QueryForm keyName={key} problem={readProblem(begun, key)} />
        {lines.length > 0 && (
          <div class="remove">
            <h3>{say('Remover', 'Remove')}</h3>
            {problem !== undefined && <p class="note">{problem}</p>}
            <p class="actions">
              {line !== undefined && (
                <Removal
                  {...{ keyName: key, problem, onDone: again, version: line.versao }}
                  entries={lines.filter(({ versao }) => versao === line.versao).length}
                />
              )}
              <Removal
                {...{ keyName: key, problem, onDone: again, version: undefined }}
                entries={lines.length + (state?.leftOut ?? 0)}
                hasMore={state?.isCut === true}
              />
            </p>
          </div>
        )}
      </div>
    </section>
  );
}

function LeftOut({ leftOut, isCut }: { readonly leftOut: number; readonly isCut: boolean }) {
  return (
    <p class="note">
      {isCut
        ? say(
            'A história é longa demais para esta página, e não foi lida até o fim: use kvs historico.',
            'The history is too long for this page, and was not read to its end: use kvs historico.',
          )
        : say(
            `Mais ${number(leftOut)} versões antigas não são mostradas: use kvs historico.`,
            `Another ${number(leftOut)} old versions are not shown: use kvs historico.`,
          )}
    </p>
  );
}

function Legend({ hasSiblings }: { readonly hasSiblings: boolean }) {
  return (
    <ul class="legend quiet">
      <li>
        <span class="bead-sample answer" aria-hidden="true" /> {say('responde', 'answers')}
      </li>
      <li>
        <span class="bead-sample head" aria-hidden="true" />{' '}
        {say('ponta: nenhuma a substitui', 'head: none supersedes it')}
      </li>
      <li>
        <span class="bead-sample" aria-hidden="true" /> {say('superada', 'superseded')}
      </li>
      {hasSiblings && (
        <li>
          {say(
            'uma acima da outra: irmãs, gravadas sem se verem',
            'one above the other: siblings, written unseen by each other',
          )}
        </li>
      )}
    </ul>
  );
}
