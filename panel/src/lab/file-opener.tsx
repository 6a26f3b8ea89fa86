import { useState } from 'preact/hooks';
import { say } from '../text.js';
import type { LabModel } from './lab-model.js';
import { openRecording } from './recording-file.js';

/** Takes a recording by choice or by drop. */
export function FileOpener({ lab }: { lab: LabModel }) {
  const [failure, setFailure] = useState('');
  const [isOver, setOver] = useState(false);
  const [isReading, setReading] = useState(false);
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setFailure('');
    setReading(true);
    try {
      await openRecording(lab, file);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setReading(false);
    }
  };
  return (
    <div
      class={isOver ? 'drop is-over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void open(event.dataTransfer?.files[0]);
      }}
    >
      <label>
        {say('Arquivo .jsonl (escolha, ou solte aqui)', 'File .jsonl (choose, or drop it here)')}
        <input
          type="file"
          accept=".jsonl"
          onChange={({ currentTarget }) => {
            void open(currentTarget.files?.[0]);
            currentTarget.value = '';
          }}
        />
      </label>
      <p class="quiet">
        {say('É lido nesta página; não vai a lugar nenhum.', 'It is read in this page and goes nowhere.')}
      </p>
      {isReading && <p role="status">{say('lendo…', 'reading…')}</p>}
      {failure !== '' && (
        <p class="refused" role="alert">
          <bdi>{failure}</bdi>
        </p>
      )}
    </div>
  );
}
