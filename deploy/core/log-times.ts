/** The times in a log's lines, and the lines since a time. Pure. */
import { isStartLine } from './failure-line';

/** At the start of a line: ISO 8601, perhaps in a bracket or after `---`, or nginx's `2026/11/30 15:40:48`. */
const WRITTEN = /^(?:--- |\W)?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d+)?)(Z|[+-]\d\d:?\d\d)?/;
/** The fields that loggers use in a JSON line. */
const FIELDS = ['time', 'timestamp', '@timestamp', 'ts'];
/** A smaller number counts seconds. */
const MILLISECONDS_FROM = 1e11;

/** When the line was written, in milliseconds since 1970; null if the line does not say so. */
export function timeOf(line: string): number | null {
  const [, year, month, day, time = '', zone = ''] = WRITTEN.exec(line) ?? [];
  // without a zone it is the machine's time
  if (year !== undefined)
    return valid(Date.parse(`${year}-${month}-${day}T${time.replace(',', '.')}${zone}`));
  return line.startsWith('{') ? timeInJson(line) : null;
}

function timeInJson(line: string): number | null {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const value = FIELDS.map((name) => fields[name]).find((found) => found !== undefined);
  if (typeof value === 'number') return value < MILLISECONDS_FROM ? value * 1000 : value;
  return typeof value === 'string' ? valid(Date.parse(value)) : null;
}

function valid(time: number): number | null {
  return Number.isNaN(time) ? null : time;
}

/**
 * The lines written since then. A line without a time belongs to the one above it, as in a stack trace. If an app
 * writes no times, its output is kept unless it is certainly older, so that nothing is hidden.
 * @param lastWrite when the last line was written
 */
export function linesSince(lines: string[], since: number, lastWrite: number): string[] {
  const times = lines.map(timeOf);
  let latest = lastWrite;
  const upTo = times.map(() => 0);
  for (let at = lines.length - 1; at >= 0; at--) {
    upTo[at] = latest;
    latest = times[at] ?? latest;
  }
  let above: number | null = null;
  return lines.filter((line, at) => {
    const own = times[at] ?? null;
    // the app's own output begins below the line that marks its start
    above = own === null ? above : isStartLine(line) ? null : own;
    return (own ?? above ?? (upTo[at] as number)) >= since;
  });
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** The time that `10m` or an ISO time names; null for any other text, and for a future time. */
export function sinceFrom(text: string, now: number): number | null {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS[unit] as number);
  if (!MOMENT.test(text)) return null;
  // a day begins at midnight here, not in UTC
  const time = valid(Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')));
  return time !== null && time <= now ? time : null;
}
