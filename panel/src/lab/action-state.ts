import { useState } from 'preact/hooks';
import { say } from '../text.js';
import { LabRefusal } from './client.js';
import type { LabAction } from './client.js';
import type { LabModel } from './lab-model.js';

/** Whether actions are under way, and how the last one failed. */
interface ActionState {
  readonly isBusy: boolean;
  /** For people; empty: it did not fail. */
  readonly failure: string;
  /** One after the other; the first that fails ends them. */
  readonly run: (...actions: readonly LabAction[]) => Promise<boolean>;
  /** The same, unless some are under way: a button that waits keeps the focus, so it can be pressed. */
  readonly once: (...actions: readonly LabAction[]) => Promise<boolean>;
}

export function useActions(lab: LabModel): ActionState {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const run = async (...actions: readonly LabAction[]): Promise<boolean> => {
    setBusy(true);
    setFailure('');
    try {
      for (const action of actions) await lab.act(action);
      return true;
    } catch (error) {
      setFailure(refusalText(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  const once: ActionState['once'] = (...actions) => (isBusy ? Promise.resolve(false) : run(...actions));
  return { isBusy, failure, run, once };
}

export function refusalText(error: unknown): string {
  if (error instanceof LabRefusal) return `${error.code}: ${error.message}`;
  return say('o laboratório não respondeu', 'the laboratory did not answer');
}
