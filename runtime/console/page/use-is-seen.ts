import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** What is nearly in view counts: scrolling should find it running. */
const MARGIN = '120px';

/** Whether somebody can see an element: it is in view, and the tab in front. */
export function useIsSeen(element: RefObject<Element | null>): boolean {
  const [isInView, setIsInView] = useState(false);
  const [isInFront, setIsInFront] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => setIsInView(entries.at(-1)?.isIntersecting === true),
      { rootMargin: MARGIN },
    );
    observer.observe(element.current);
    const onVisibility = (): void => setIsInFront(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, [element]);
  return isInView && isInFront;
}
