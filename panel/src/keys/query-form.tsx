import { useId, useRef, useState } from 'preact/hooks';
import type { LineJson } from '../../../src/doors/http/schemas.js';
import { ErrorNote } from '../parts/error-note.js';
import { ShownLine, ShownValue } from '../parts/shown.js';
import { moment, say } from '../text.js';
import { askForKey } from './calls.js';
import type { Point } from './calls.js';

/** Asks for the key as of a version or an instant. */
export function QueryForm({
  keyName,
  problem,
}: {
  readonly keyName: string;
  readonly problem: string | undefined;
}) {
  const [by, setBy] = useState<'latest' | 'version' | 'instant'>('version');
  const [version, setVersion] = useState('');
  const [instant, setInstant] = useState('');
  const [answer, setAnswer] = useState<LineJson | 'nothing'>();
  const [error, setError] = useState<unknown>();
  const id = useId();
  const asked = useRef(0);

  const query = async (): Promise<void> => {
    const point: Point =
      by === 'version'
        ? { version: Number(version) }
        : by === 'instant'
          ? { instant: new Date(instant).getTime() }
          : {};
    setError(undefined);
    setAnswer(undefined);
    // An answer that comes after that of a later question is of no use.
    const nth = ++asked.current;
    try {
      const found = (await askForKey(keyName, point)) ?? 'nothing';
      if (nth === asked.current) setAnswer(found);
    } catch (thrown) {
      if (nth === asked.current) setError(thrown);
    }
  };

  return (
    <form
      class="query"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) void query();
      }}
    >
      <h3 id={`${id}-title`}>{say('Consultar', 'Query')}</h3>
      {problem !== undefined && <p class="note">{problem}</p>}
      <fieldset class="bare" disabled={problem !== undefined}>
        <div class="field-row">
          <label class="field">
            <span>{say('Como era', 'As it was')}</span>
            <select value={by} onChange={({ currentTarget }) => setBy(currentTarget.value as typeof by)}>
              <option value="version">{say('na versão', 'at version')}</option>
              <option value="instant">{say('no instante', 'at instant')}</option>
              <option value="latest">{say('agora', 'now')}</option>
            </select>
          </label>
          {by === 'version' && (
            <label class="field narrow">
              <span>{say('Versão', 'Version')}</span>
              <input
                type="number"
                min={1}
                max={2_147_483_647}
                inputMode="numeric"
                required
                value={version}
                onInput={({ currentTarget }) => setVersion(currentTarget.value)}
              />
            </label>
          )}
          {by === 'instant' && (
            <label class="field">
              <span>{say('Dia e hora', 'Day and time')}</span>
              <input
                type="datetime-local"
                step="0.001"
                required
                value={instant}
                onInput={({ currentTarget }) => setInstant(currentTarget.value)}
              />
            </label>
          )}
          <button type="submit">{say('Consultar', 'Query')}</button>
        </div>
      </fieldset>
      <div role="status">
        {answer === 'nothing' && (
          <p class="note">{say('Não havia nenhuma versão então.', 'There was no version then.')}</p>
        )}
        {answer !== undefined && answer !== 'nothing' && (
          <>
            <p>
              {say(`Versão ${answer.versao}`, `Version ${answer.versao}`)} · {moment(answer.ts)} ·{' '}
              <ShownLine text={answer.servidor || answer.origem} chars={60} />
            </p>
            <ShownValue text={answer.valor} />
          </>
        )}
      </div>
      {error !== undefined && <ErrorNote error={error} />}
    </form>
  );
}
