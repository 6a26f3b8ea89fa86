import { useState } from 'preact/hooks';
import { say } from '../text.js';
import { refusalText } from './action-state.js';
import { runAsShiViz, runAsSvg } from './exports.js';
import { FileOpener } from './file-opener.js';
import type { LabModel } from './lab-model.js';
import { download } from './recording-file.js';

/** What becomes of the run: kept as a file, exported, another one opened. */
export function RecordingView({ lab }: { lab: LabModel }) {
  const [failure, setFailure] = useState('');
  const run = lab.run.value;
  const name = (lab.fileName.value || 'laboratorio').replace(/\.jsonl$/, '');
  const save = async (what: () => Promise<readonly [name: string, content: Blob]>): Promise<void> => {
    setFailure('');
    try {
      download(...(await what()));
    } catch (error) {
      setFailure(refusalText(error));
    }
  };
  return (
    <div class="recording">
      <div class="buttons">
        {lab.canFetch && (
          <button
            type="button"
            onClick={() =>
              void save(async () => {
                const one = await lab.recording();
                return [one.name, one.content];
              })
            }
          >
            {say('Baixar a gravação', 'Download the recording')}
          </button>
        )}
        {run !== undefined && (
          <>
            <button
              type="button"
              onClick={() => void save(async () => [`${name}.svg`, await runAsSvg(lab, run)])}
            >
              {say('O diagrama em SVG', 'The diagram as SVG')}
            </button>
            <button
              type="button"
              onClick={() => void save(async () => [`${name}.shiviz.log`, await runAsShiViz(run)])}
            >
              {say('Tudo, para o ShiViz', 'All of it, for ShiViz')}
            </button>
          </>
        )}
      </div>
      {failure !== '' && (
        <p class="refused" role="alert">
          {failure}
        </p>
      )}
      <h3>{say('Abrir uma gravação', 'Open a recording')}</h3>
      <FileOpener lab={lab} />
      {lab.fileName.value !== '' && lab.hasServers.value && (
        <button type="button" onClick={() => lab.leaveFile()}>
          {say('Voltar ao laboratório', 'Back to the laboratory')}
        </button>
      )}
    </div>
  );
}
