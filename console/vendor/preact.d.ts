// What the console uses of htm/preact/standalone, which ships no types of its own.
export interface VNode { readonly type: unknown; readonly props: Record<string, unknown> }
export type Child = VNode | VNode[] | string | number | boolean | null | undefined | Child[];
type Cleanup = void | (() => void);
export function html(parts: TemplateStringsArray, ...values: unknown[]): VNode;
export function render(tree: VNode, parent: Element): void;
export function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useEffect(effect: () => Cleanup, on?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => Cleanup, on?: readonly unknown[]): void;
export function useRef<T>(first: T): { current: T };
export function useMemo<T>(make: () => T, on: readonly unknown[]): T;
export function useCallback<T extends Function>(made: T, on: readonly unknown[]): T;
export function useErrorBoundary(tell?: (error: Error) => void): [Error | undefined, () => void];
