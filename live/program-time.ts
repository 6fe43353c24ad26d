/** The kernel's clock ticks for programs, on all of Linux that Node runs on. */
export const TICK_US = 10_000;

/** CPU time of the programs that a process started and that have ended, from its `/proc/PID/stat`. */
export function programTime_us(stat: string): number {
  // The name, in brackets, may have blanks; cutime and cstime are the 14th and 15th field after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_US;
}
