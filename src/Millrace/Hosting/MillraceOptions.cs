namespace Millrace.Hosting;

/// <summary>The instance: one process with all its workers.</summary>
public sealed class MillraceOptions
{
    /// <summary>The name under which this process is known to operators.</summary>
    /// <value>Host name and process id.</value>
    public string Instance { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>How long running handlers may go on after a stop was asked for, up to an hour.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a worker that failed is restarted before it stays down, 0 to 100.</summary>
    /// <value>5.</value>
    public int RestartTries { get; set; } = 5;

    /// <summary>Refuses to start on a store whose settings do not keep the promise, instead of warning.</summary>
    /// <value>False.</value>
    public bool Strict { get; set; }

    /// <summary>How often pauses set by other processes are looked up, 100 milliseconds to a minute.</summary>
    /// <value>2 seconds.</value>
    public TimeSpan ControlInterval { get; set; } = TimeSpan.FromSeconds(2);

    internal IEnumerable<string> Faults()
    {
        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > TimeSpan.FromHours(1)) yield return $"CFG010 drain timeout {DrainTimeout} must be 0..1h.";
        if (RestartTries is < 0 or > 100) yield return $"CFG002 restart tries {RestartTries} must be 0..100.";
        if (ControlInterval < TimeSpan.FromMilliseconds(100) || ControlInterval > TimeSpan.FromMinutes(1)) yield return $"CFG010 control interval {ControlInterval} must be 100ms..1m.";
    }
}
