namespace Millrace.Sqlite.Writing;

/// <summary>Something to do inside the next commit. It may run twice: a group is redone without the member that failed.</summary>
internal abstract class WriteOperation(int bytes)
{
    private int _state;

    /// <summary>How many bytes it adds to its commit, roughly.</summary>
    public int Bytes { get; } = bytes;

    /// <summary>True once: the operation now happens, whoever asked for it.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, 1, 0) is 0 or 1;

    /// <summary>True when it was taken back before it began.</summary>
    public bool TryTakeBack() => Interlocked.CompareExchange(ref _state, 2, 0) == 0;

    public abstract void Execute(WriteSession session);

    /// <summary>The commit is on disk.</summary>
    public abstract void Succeed();

    /// <summary>Nothing of it happened.</summary>
    public abstract void Fail(Exception error);

    public abstract void Cancel(CancellationToken cancelled);
}

/// <summary>An operation with a result.</summary>
internal sealed class WriteOperation<T>(Func<WriteSession, T> work, int bytes) : WriteOperation(bytes)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Done => _done.Task;

    public override void Execute(WriteSession session) => _result = work(session);

    public override void Succeed() => _done.TrySetResult(_result!);

    public override void Fail(Exception error) => _done.TrySetException(error);

    public override void Cancel(CancellationToken cancelled) => _done.TrySetCanceled(cancelled);
}
