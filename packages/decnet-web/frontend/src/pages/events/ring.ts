// SPDX-License-Identifier: MIT
/** The newest `capacity` rows: pushing costs the same however many there are; what is pushed out is forgotten. */
export class Ring<Row> {
  private readonly rows: (Row | undefined)[] = [];
  /** How many rows were ever pushed; the newest has the number total - 1. */
  total = 0;

  constructor(readonly capacity: number) {}

  get length(): number {
    return Math.min(this.total, this.capacity);
  }

  push(row: Row): void {
    // Filled by and by: a million empty places would be allocated for nothing.
    if (this.rows.length < this.capacity) this.rows.push(row);
    else this.rows[this.total % this.capacity] = row;
    this.total += 1;
  }

  /** The row with this number, undefined when it has been pushed out or is not there yet. */
  at(number: number): Row | undefined {
    return number >= this.total || number < this.total - this.length || number < 0
      ? undefined
      : this.rows[number % this.capacity];
  }

  clear(): void {
    this.rows.length = 0;
    this.total = 0;
  }
}
