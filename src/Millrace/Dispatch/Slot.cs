namespace Millrace.Dispatch;

/// <summary>One of a dispatcher's places for a running handler call.</summary>
internal sealed class Slot(int index) : IDisposable
{
    public int Index { get; } = index;

    public Signal Wake { get; } = new();

    public Attempt Attempt { get; } = new();

    /// <summary>The lanes that the deliveries in hand came from.</summary>
    public List<Lane> Lanes { get; } = [];

    public Task Running { get; set; } = Task.CompletedTask;

    public void Dispose() => Attempt.Dispose();
}
