import { useEffect, useRef, useState } from 'preact/hooks';
import type { HostState } from '../../contract/control-api.ts';
import { announcementsBetween } from '../model/announcements.ts';

/** Says to screen readers what the page shows: a live region that nobody sees. */
export function Announcer({ host }: { readonly host: HostState }) {
  const before = useRef<HostState | null>(null);
  const [said, setSaid] = useState('');
  useEffect(() => {
    const news = announcementsBetween(before.current, host);
    before.current = host;
    if (news.length > 0) setSaid(news.join('. '));
  }, [host]);
  return (
    <p class="visually-hidden" role="status" aria-label="Changes">
      {said}
    </p>
  );
}
