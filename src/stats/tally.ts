import { SortedNumbers } from './sorted-numbers.ts';

/** What one resolved incident adds to a window; milliseconds, undefined where it has no such stamp. */
export interface Recovery {
  readonly ms: number;
  readonly acknowledgementMs: number | undefined;
  readonly detectionMs: number | undefined;
  readonly identificationMs: number | undefined;
  readonly mitigationMs: number | undefined;
  /** Undefined when its severity has no target, or its provider cannot tell. */
  readonly isWithinTarget: boolean | undefined;
  readonly isEscalated: boolean | undefined;
  readonly isReopened: boolean | undefined;
}

/** A mean in the making: integers, so adding and taking away leaves no trace. */
class Mean {
  count = 0;
  sum = 0;

  add(value: number | undefined, sign: 1 | -1): void {
    if (value === undefined) return;
    this.count += sign;
    this.sum += sign * value;
  }
}

/** A share in the making. */
class Share {
  readonly #mean = new Mean();

  add(isIn: boolean | undefined, sign: 1 | -1): void {
    this.#mean.add(isIn === undefined ? undefined : Number(isIn), sign);
  }

  get ratio(): number {
    return this.#mean.count === 0 ? Number.NaN : this.#mean.sum / this.#mean.count;
  }
}

/** Running sums over the incidents resolved in one window of one group. */
export class Tally {
  readonly recovery = new Mean();
  readonly acknowledgement = new Mean();
  readonly detection = new Mean();
  readonly identification = new Mean();
  readonly mitigation = new Mean();
  readonly withinTarget = new Share();
  readonly escalated = new Share();
  readonly reopened = new Share();
  readonly #squares = new Squares();
  readonly durations: SortedNumbers | undefined;

  /** Durations are kept only where a row shows quantiles. */
  constructor(keepsDurations: boolean) {
    this.durations = keepsDurations ? new SortedNumbers() : undefined;
  }

  add(recovery: Recovery, sign: 1 | -1): void {
    this.recovery.add(recovery.ms, sign);
    this.#squares.add(recovery.ms, sign);
    if (sign === 1) this.durations?.add(recovery.ms);
    else this.durations?.remove(recovery.ms);
    this.acknowledgement.add(recovery.acknowledgementMs, sign);
    this.detection.add(recovery.detectionMs, sign);
    this.identification.add(recovery.identificationMs, sign);
    this.mitigation.add(recovery.mitigationMs, sign);
    this.withinTarget.add(recovery.isWithinTarget, sign);
    this.escalated.add(recovery.isEscalated, sign);
    this.reopened.add(recovery.isReopened, sign);
  }

  /** Sample standard deviation in milliseconds; NaN below two recoveries. */
  deviationMs(): number {
    const { count, sum } = this.recovery;
    if (count < 2) return Number.NaN;
    const n = BigInt(count);
    // n·Σx² − (Σx)² is exact in integers; with floats an outlier that left the window would leave its rounding behind.
    const spread = n * this.#squares.total() - BigInt(sum) ** 2n;
    return Math.sqrt(Number(spread) / (count * (count - 1)));
  }
}

const LIMB = 2 ** 15;

/** Σx² exactly: x is split into limbs of 15 bits, whose products are summed apart (good for 4 million summands below 2^45). */
class Squares {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;
  #s4 = 0;

  add(value: number, sign: 1 | -1): void {
    const a = value % LIMB;
    const rest = (value - a) / LIMB;
    const b = rest % LIMB;
    const c = (rest - b) / LIMB;
    this.#s0 += sign * a * a;
    this.#s1 += sign * 2 * a * b;
    this.#s2 += sign * (2 * a * c + b * b);
    this.#s3 += sign * 2 * b * c;
    this.#s4 += sign * c * c;
  }

  total(): bigint {
    const parts = [this.#s0, this.#s1, this.#s2, this.#s3, this.#s4];
    return parts.reduce((sum, part, limb) => sum + (BigInt(part) << BigInt(15 * limb)), 0n);
  }
}
