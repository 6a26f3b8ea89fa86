import { useState } from 'preact/hooks';
import type { LineJson } from '../../../src/doors/http/schemas.js';
import { hueOf } from '../parts/hues.js';
import { ShownLine, ShownValue } from '../parts/shown.js';
import { bytes, moment, say } from '../text.js';
import { DiffView } from './diff-view.js';
import { compareVersions, versionName } from './order.js';

interface VersionViewProps {
  readonly lines: readonly LineJson[];
  readonly line: LineJson;
  readonly answer: LineJson | undefined;
}

const encoder = new TextEncoder();

/** One version: its value, who wrote it, and how it differs from another. */
export function VersionView({ lines, line, answer }: VersionViewProps) {
  const place = lines.indexOf(line);
  const [other, setOther] = useState<string>('');
  const before = lines[place - 1];
  const compared = other === '' ? before : lines.find((one) => versionName(one) === other);
  const isAnswer = answer !== undefined && compareVersions(answer, line) === 0;
  return (
    <section class="version-view" aria-labelledby="version-title">
      <h3 id="version-title" class={`hue-${hueOf(line.origem)}`}>
        <span class="swatch" aria-hidden="true" /> {say(`Versão ${line.versao}`, `Version ${line.versao}`)}{' '}
        {isAnswer && <span class="badge good">{say('responde', 'answers')}</span>}{' '}
        {line.atual ? (
          <span class="badge">{say('ponta', 'head')}</span>
        ) : (
          <span class="badge">{say('superada', 'superseded')}</span>
        )}{' '}
        {line.irma && <span class="badge warn">{say('irmã', 'sibling')}</span>}{' '}
        {line.estavel && <span class="badge">{say('em todos', 'on all')}</span>}
      </h3>
      <p class="quiet">
        {say('por ', 'by ')}
        <ShownLine text={line.servidor || line.origem} chars={60} />
        {line.servidor !== '' && line.origem !== '' && line.servidor !== line.origem && (
          <>
            {' '}
            (<code>{line.origem}</code>)
          </>
        )}{' '}
        · {moment(line.ts)} · {bytes(encoder.encode(line.valor).length)}
        {line.expira > 0 &&
          ` · ${say(`expira em ${moment(line.expira)}`, `expires at ${moment(line.expira)}`)}`}
      </p>
      <ShownValue key={versionName(line)} text={line.valor} />
      {lines.length > 1 && (
        <div class="compare">
          <label class="field">
            <span>{say('Diferença em relação a', 'Difference from')}</span>
            <select
              value={compared === undefined ? '' : versionName(compared)}
              onChange={({ currentTarget }) => setOther(currentTarget.value)}
            >
              {compared === undefined && <option value="">{say('escolha', 'choose')}</option>}
              {lines
                .filter((one) => one !== line)
                .slice(-200)
                .map((one) => (
                  <option key={versionName(one)} value={versionName(one)}>
                    {say(`versão ${one.versao}`, `version ${one.versao}`)}
                    {one.irma && ` · ${one.servidor || one.origem}`}
                  </option>
                ))}
            </select>
          </label>
          {compared !== undefined && <DiffView before={compared} after={line} />}
        </div>
      )}
    </section>
  );
}
