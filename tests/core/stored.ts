import fc from 'fast-check';

/** Whole numbers of every length, up to the greatest. */
export const numbers = fc.oneof(
  fc.nat(200),
  fc.nat(),
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits),
  fc.integer({ min: 1, max: 53 }).map((bits) => 2 ** bits - 1),
);

/** Texts of any units, lone surrogates among them, of every size that is kept in a way of its own. */
export const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 300,
  }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 80,
  }),
  fc.constantFrom('', 'ÿ', 'Ā', '\ud800', 'x\udfff', '𝄞', '\0', 'á'.repeat(33), '€'.repeat(33)),
  fc
    .constantFrom(4_080, 4_090, 8_170, 8_180, 8_192, 20_000)
    .chain((units) => fc.constantFrom('v'.repeat(units), 'é'.repeat(units), '€'.repeat(units))),
  fc.constant('v'.repeat(1_048_576)),
);
