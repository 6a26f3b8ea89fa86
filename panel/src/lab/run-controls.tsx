import { useState } from 'preact/hooks';
import { say } from '../text.js';
import { useActions } from './action-state.js';
import type { LabAction, LabEngine } from './client.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { LabModel } from './lab-model.js';

export function engineName(engine: LabEngine): string {
  switch (engine) {
    case 'frota':
      return say('frota', 'fleet');
    case 'consenso':
      return say('consenso', 'consensus');
    case 'lider':
      return say('líder', 'leader');
  }
}

const ENGINES: readonly LabEngine[] = ['frota', 'consenso', 'lider'];

/** Of the run as a whole: a mark in it, another engine, from the beginning. */
export function RunControls({ lab }: { lab: LabModel }) {
  const situation = lab.situation.value;
  const { isBusy, failure, once } = useActions(lab);
  const [mark, setMark] = useState('');
  const [asked, setAsked] = useState<LabAction>();
  if (situation === undefined || situation.servidores.length === 0) return null;
  return (
    <div class="run-controls">
      <label>
        {say('Motor', 'Engine')}
        <select
          value={situation.motor}
          onChange={({ currentTarget }) => {
            const motor = currentTarget.value as LabEngine;
            currentTarget.value = situation.motor;
            if (motor !== situation.motor && !isBusy) setAsked({ acao: 'motor', motor });
          }}
        >
          {ENGINES.map((engine) => (
            <option key={engine} value={engine}>
              {engineName(engine)}
            </option>
          ))}
        </select>
      </label>
      <button type="button" aria-disabled={isBusy} onClick={() => isBusy || setAsked({ acao: 'recomeca' })}>
        {say('Recomeçar', 'Start over')}
      </button>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void once({ acao: 'marca', texto: mark }).then((isDone) => {
            if (isDone) setMark('');
          });
        }}
      >
        <label>
          <span class="unseen">{say('Anotação', 'Note')}</span>
          <input
            name="marca"
            value={mark}
            maxLength={1000}
            required
            placeholder={say('anotação no diagrama', 'note in the diagram')}
            onInput={({ currentTarget }) => setMark(currentTarget.value)}
          />
        </label>
        <button type="submit" aria-disabled={isBusy}>
          ⚑ {say('Marcar', 'Mark')}
        </button>
      </form>
      {isBusy && (
        <span role="status" class="quiet">
          {say('um momento…', 'one moment…')}
        </span>
      )}
      {failure !== '' && (
        <p class="refused" role="alert">
          {failure}
        </p>
      )}
      {asked !== undefined && (
        <ConfirmDialog
          title={
            asked.acao === 'motor'
              ? say(`Trocar para ${engineName(asked.motor)}?`, `Switch to ${engineName(asked.motor)}?`)
              : say('Recomeçar?', 'Start over?')
          }
          text={say(
            'Estes servidores terminam, com tudo o que guardam, e outros começam. A gravação de até aqui acaba; baixe-a antes se a quer nesta máquina.',
            'These servers end, with all that they hold, and others start. The recording ends here; download it first if you want it.',
          )}
          yes={asked.acao === 'motor' ? say('Trocar', 'Switch') : say('Recomeçar', 'Start over')}
          onYes={() => void once(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}
