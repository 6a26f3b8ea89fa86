import { useId, useRef, useState } from 'preact/hooks';
import type { PanelStartJson } from '../../../src/doors/http/panel-json.js';
import { pageLimits } from '../limits.js';
import { ErrorNote } from '../parts/error-note.js';
import { bytes, say } from '../text.js';
import { Refusal } from '../api/request.js';
import { writeKey } from './calls.js';
import type { Condition } from './calls.js';
import { RequestIds } from './request-id.js';

interface WriteFormProps {
  readonly begun: PanelStartJson;
  readonly keyName: string;
  /** The latest version; 0: there is none. */
  readonly latest: number;
  /** Why nothing may be written. */
  readonly problem: string | undefined;
  readonly onDone: () => void;
}

const encoder = new TextEncoder();

/** Writes a version of the key: always, or only if the key is as it was seen. */
export function WriteForm({ begun, keyName, latest, problem, onDone }: WriteFormProps) {
  const [value, setValue] = useState('');
  const [ttl, setTtl] = useState('');
  const [rule, setRule] = useState<'none' | 'absent' | 'version'>('none');
  const [version, setVersion] = useState('');
  const [outcome, setOutcome] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const { compara: compares, expira: expires, lembra_pedidos: remembers } = begun.capacidades;
  const requests = useRef(new RequestIds());
  const size = encoder.encode(value).length;
  const tooLong = size > pageLimits.valueBytes;

  const write = async (): Promise<void> => {
    const condition: Condition = rule === 'version' ? Number(version) : rule;
    setBusy(true);
    setOutcome(undefined);
    setError(undefined);
    const ids = requests.current;
    try {
      const { versao } = await writeKey(keyName, value, {
        ttl: ttl === '' ? undefined : Number(ttl),
        condition,
        requestId: remembers ? ids.of(JSON.stringify([keyName, value, ttl])) : undefined,
      });
      ids.answered();
      setOutcome(say(`Gravada a versão ${versao}.`, `Version ${versao} is written.`));
      onDone();
    } catch (thrown) {
      // Without an answer nobody knows whether it was done: sent again, it is the same write.
      if (thrown instanceof Refusal) ids.answered();
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="write"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined && !isBusy && !tooLong) void write();
      }}
    >
      <h3 id={`${id}-title`}>{say('Gravar', 'Write')}</h3>
      {problem !== undefined && (
        <p class="note" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      <fieldset class="bare" disabled={problem !== undefined} aria-describedby={problem && `${id}-problem`}>
        <label class="field">
          <span>{say('Valor novo', 'New value')}</span>
          <textarea
            rows={3}
            value={value}
            spellcheck={false}
            aria-invalid={tooLong}
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
        </label>
        {tooLong && (
          <p class="bad-text" role="alert">
            {say(
              `O valor tem ${bytes(size)}; cabem ${bytes(pageLimits.valueBytes)}.`,
              `The value has ${bytes(size)}; ${bytes(pageLimits.valueBytes)} fit.`,
            )}
          </p>
        )}
        <div class="field-row">
          <label class="field narrow">
            <span>{say('Expira em (s)', 'Expires in (s)')}</span>
            <input
              type="number"
              min={1}
              max={2_147_483_647}
              inputMode="numeric"
              value={ttl}
              placeholder={say('nunca', 'never')}
              disabled={!expires}
              onInput={({ currentTarget }) => setTtl(currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>{say('Condição', 'Condition')}</span>
            <select
              value={rule}
              disabled={!compares}
              aria-describedby={compares ? undefined : `${id}-compare`}
              onChange={({ currentTarget }) => {
                setRule(currentTarget.value as typeof rule);
                // The version as it was seen: one that came since must not be overwritten unseen.
                if (latest > 0) setVersion(String(latest));
              }}
            >
              <option value="none">{say('gravar sempre', 'write always')}</option>
              <option value="absent">
                {say('só se a chave não existe', 'only if there is no such key')}
              </option>
              <option value="version">
                {say('só se a última versão é…', 'only if the latest version is…')}
              </option>
            </select>
          </label>
          {rule === 'version' && (
            <label class="field narrow">
              <span>{say('Versão', 'Version')}</span>
              <input
                type="number"
                min={1}
                inputMode="numeric"
                required
                value={version}
                onInput={({ currentTarget }) => setVersion(currentTarget.value)}
              />
            </label>
          )}
          <button class="primary" type="submit" disabled={tooLong} aria-disabled={isBusy}>
            {rule === 'none' ? say('Gravar', 'Write') : say('Comparar e gravar', 'Compare and set')}
          </button>
        </div>
        {!compares && (
          <p class="quiet" id={`${id}-compare`}>
            {say(
              'A frota não compara antes de gravar: outros servidores gravam ao mesmo tempo, sem esperar. Os motores consenso e lider comparam.',
              'The fleet does not compare before it writes: other servers write at the same time, without waiting. The engines consenso and lider do.',
            )}
          </p>
        )}
      </fieldset>
      <p role="status" class="outcome">
        {outcome}
      </p>
      {error !== undefined && <ErrorNote error={error} />}
      {error !== undefined && !(error instanceof Refusal) && remembers && rule === 'none' && (
        <p class="quiet">
          {say(
            'Gravar de novo o mesmo valor grava uma vez só.',
            'Writing the same value again writes it only once.',
          )}
        </p>
      )}
    </form>
  );
}
