import type { ComponentChildren } from 'preact';

/** A table that may be wider than the window: it scrolls by itself, by keyboard too. */
export function ScrollBox({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
