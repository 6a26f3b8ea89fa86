import { useState } from 'preact/hooks';
import type { CallAnswered } from '../../../src/laboratory/recording.js';
import { say } from '../text.js';
import { useActions } from './action-state.js';
import { AnswerLines } from './answer-lines.js';
import type { LabAction, LabOperation } from './client.js';
import type { LabModel } from './lab-model.js';
import { labPageLimits } from './limits.js';
import type { Run } from './run.js';
import { sentence } from './sentence.js';
import { shortText } from './visible-text.js';
import { operationWord, runTime } from './words.js';

/** Two clients that ask what they are told to, of the server that they are told to, and what they were answered. */
export function CallControls({ lab }: { lab: LabModel }) {
  const servers = lab.situation.value?.servidores ?? [];
  const { isBusy, failure, once } = useActions(lab);
  const [client, setClient] = useState('c1');
  const [server, setServer] = useState('n1');
  const [operation, setOperation] = useState<LabOperation>('insert');
  const [key, setKey] = useState('casa/1');
  const [value, setValue] = useState('azul');
  const [version, setVersion] = useState('');
  const [isSession, setSession] = useState(false);
  const [confirm, setConfirm] = useState(0);
  if (servers.length === 0) return null;
  const hosts = lab.run.value?.header.hosts ?? [];
  const clients = hosts.filter(({ kind }) => kind === 'client').map(({ id }) => id);
  const hasValue = operation === 'insert' || operation === 'compare';
  const hasVersion = operation === 'compare' || operation === 'query' || operation === 'remove';
  const canConfirm = operation === 'insert' || operation === 'compare' || operation === 'remove';
  const send = (event: Event): void => {
    event.preventDefault();
    const action: LabAction = {
      ...{ acao: 'chama', servidor: server, cliente: client, operacao: operation, chave: key },
      ...(hasValue ? { valor: value } : {}),
      ...(hasVersion && version !== '' ? { versao: Number(version) } : {}),
      ...(isSession ? { sessao: true as const } : {}),
      ...(canConfirm && confirm > 0 ? { confirma: confirm } : {}),
    };
    void once(action);
  };
  return (
    <section class="sheet calls" aria-labelledby="calls-title">
      <h2 id="calls-title">{say('Clientes', 'Clients')}</h2>
      <form onSubmit={send}>
        <label>
          {say('Quem', 'Who')}
          <select value={client} onChange={({ currentTarget }) => setClient(currentTarget.value)}>
            {clients.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          {say('em', 'at')}
          <select
            name="servidor"
            value={server}
            onChange={({ currentTarget }) => setServer(currentTarget.value)}
          >
            {servers.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label>
          {say('Faz', 'Does')}
          <select
            name="operacao"
            value={operation}
            onChange={({ currentTarget }) => setOperation(currentTarget.value as LabOperation)}
          >
            {(['insert', 'query', 'history', 'remove', 'compare'] as const).map((one) => (
              <option key={one} value={one}>
                {operationWord(one)}
              </option>
            ))}
          </select>
        </label>
        <label class="wide">
          {say('Chave', 'Key')}
          <input
            name="chave"
            value={key}
            placeholder={say('vazia', 'empty')}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
            spellcheck={false}
          />
        </label>
        {hasValue && (
          <label class="wide">
            {say('Valor', 'Value')}
            <input
              name="valor"
              value={value}
              onInput={({ currentTarget }) => setValue(currentTarget.value)}
              spellcheck={false}
            />
          </label>
        )}
        {hasVersion && (
          <label>
            {operation === 'compare' ? say('se a versão for', 'if the version is') : say('versão', 'version')}
            <input
              name="versao"
              type="number"
              min={0}
              required={operation === 'compare'}
              placeholder={operation === 'compare' ? '' : say('última', 'latest')}
              value={version}
              onInput={({ currentTarget }) => setVersion(currentTarget.value)}
            />
          </label>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={isSession}
            onChange={({ currentTarget }) => setSession(currentTarget.checked)}
          />
          {say('com token de sessão', 'with session token')}
        </label>
        {canConfirm && (
          <label>
            {say('confirmada por outros', 'confirmed by others')}
            <select
              value={String(confirm)}
              onChange={({ currentTarget }) => setConfirm(Number(currentTarget.value))}
            >
              {[0, 1, 2].map((count) => (
                <option key={count}>{count}</option>
              ))}
            </select>
          </label>
        )}
        <button type="submit" class="primary" aria-disabled={isBusy}>
          {isBusy ? say('esperando…', 'waiting…') : operationWord(operation)}
        </button>
      </form>
      {failure !== '' && (
        <p class="refused" role="alert">
          {failure}
        </p>
      )}
      <LatestAnswer lab={lab} />
    </section>
  );
}

/** Says what the last call was answered, also to whoever does not see the tab of the answers. */
function LatestAnswer({ lab }: { lab: LabModel }) {
  lab.observeGrowth();
  const run = lab.run.value;
  const answer = run?.latestAnswer;
  return (
    <p role="status" class="quiet">
      {run !== undefined && answer !== undefined && <bdi>{latestText(run, answer)}</bdi>}
    </p>
  );
}

/** A refusal with all its reason: there is no other place where it is in sight. */
function latestText(run: Run, answer: CallAnswered): string {
  const isRefused = answer.code !== 'OK' && answer.message !== '';
  const what = shortText(
    sentence(run, isRefused ? { ...answer, message: '' } : answer),
    labPageLimits.lineCharacters,
  );
  if (!isRefused) return what;
  // A word that the contract puts before it is for programs.
  const why = answer.message.replace(/^[A-Z_]+: /, '');
  return `${what}: ${shortText(why, labPageLimits.reasonCharacters)}`;
}

/** What was asked and answered, the latest first. */
export function CallAnswers({ lab }: { lab: LabModel }) {
  lab.observeGrowth();
  const run = lab.run.value;
  const calls = [...(run?.calls.values() ?? [])].slice(-labPageLimits.answersShown).reverse();
  if (run === undefined) return null;
  if (calls.length === 0) {
    return (
      <p class="quiet">{say('Nenhum cliente pediu nada ainda.', 'No client has asked for anything yet.')}</p>
    );
  }
  return (
    <ol class="answers" aria-label={say('Respostas, a mais nova primeiro', 'Answers, the latest first')}>
      {calls.map(({ made, answer }) =>
        made === undefined ? null : (
          <li key={made.n}>
            <button type="button" class="link" onClick={() => lab.select((answer ?? made).n)}>
              {made.client} → {made.host} {operationWord(made.operation)}
            </button>{' '}
            <bdi class="mono">
              {shortText(made.key, 40)}
              {made.value === undefined ? '' : ` = ${shortText(made.value, 40)}`}
            </bdi>{' '}
            <span class="quiet">{runTime(made.t)}</span>
            {answer === undefined ? (
              <p class="quiet">{say('sem resposta ainda', 'no answer yet')}</p>
            ) : (
              <AnswerLines run={run} answer={answer} />
            )}
          </li>
        ),
      )}
    </ol>
  );
}
